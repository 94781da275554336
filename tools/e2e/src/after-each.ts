/** What each test leaves behind is cleared away, whether it passed or not: processes first, then their folders. */
import { removeFolders } from './folder';
import { endProcesses } from './program';

afterEach(async () => {
  await endProcesses();
  removeFolders();
});
