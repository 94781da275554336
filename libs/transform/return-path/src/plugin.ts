/** The manifest of the transform return-path. */
import { definePlugin } from '@mailverb/contract';
import { ReturnPathTransform } from './return-path.transform.js';

/** Adds a Return-Path field: for deliveries that are the end of the way. */
export const returnPathPlugin = definePlugin({
  name: 'transform-return-path',
  register(contribute) {
    contribute.transform('return-path', ReturnPathTransform);
  },
});

export default returnPathPlugin;
