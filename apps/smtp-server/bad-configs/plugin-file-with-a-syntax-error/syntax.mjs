import { surelyNothing } from 'node:fs';

export default surelyNothing;
