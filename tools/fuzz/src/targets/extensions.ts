/** The extensions whose parameters are tried. */
import type { Extension } from '@mailverb/contract';
import { EightBitMimeExtension } from '@mailverb/extension-8bitmime';
import { BinaryMimeExtension } from '@mailverb/extension-binarymime';
import { DsnExtension } from '@mailverb/extension-dsn';
import { SizeExtension } from '@mailverb/extension-size';
import { SmtpUtf8Extension } from '@mailverb/extension-smtputf8';
import { testCapabilities } from '@mailverb/testing';

const OFFERING = testCapabilities({ offers: () => true });

export const EXTENSIONS: readonly Extension[] = [
  new EightBitMimeExtension(OFFERING),
  new BinaryMimeExtension(OFFERING),
  new DsnExtension(),
  new SizeExtension(),
  new SmtpUtf8Extension(OFFERING),
];
