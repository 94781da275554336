#!/usr/bin/env node
/**
 * The entry of `mailverb-smtp`.
 *
 * It is CommonJS for one reason: libuv reads UV_THREADPOOL_SIZE when its thread pool is first used, and on Node 20 loading an ES module
 * already uses it (an ES module that sets the variable is left with the default of 4 threads; measured on 20.20.2, not so on 22 and 24).
 * A Maildir's fsyncs run in that pool, and 4 at once are too few for a disk.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
void import('./cli/run.js').then(({ run }) => run());
