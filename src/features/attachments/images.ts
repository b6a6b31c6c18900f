import { AppError, invalid } from '../../kit/errors.ts';

export interface Prepared {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif';
  readonly width: number;
  readonly height: number;
  readonly whole: Buffer;
  /** WebP, still. */
  readonly thumbnail: Buffer;
}

const FORMATS = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' } as const;
/** Of all frames together: what a file of some kilobytes may unpack to. */
const MAX_PIXELS = 40_000_000;
const MAX_FRAMES = 200;
const THUMBNAIL = 320;
const SECONDS = 10;

/** Loaded by the first image: a process that gets none is 20 MB smaller. */
async function loadSharp() {
  const { default: sharp } = await import('sharp');
  // Each decoder takes a core for as long as an image lasts; requests share them with everything else.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/**
 * Decodes an image and encodes it anew in its own format: turned upright, without EXIF or any other metadata, and without
 * whatever else was hidden in the file. The format is what the bytes are, not what they are called. Throws `invalid`.
 */
export async function prepareImage(bytes: Buffer): Promise<Prepared> {
  const sharp = await loadSharp();
  try {
    const open = () =>
      sharp(bytes, { limitInputPixels: MAX_PIXELS, animated: true, failOn: 'error', pages: -1 }).timeout({
        seconds: SECONDS,
      });
    const { format, width, height, pages = 1, pageHeight } = await open().metadata();
    if (!(format in FORMATS)) throw refused('must be a JPEG, PNG, WebP or GIF image');
    if (pages > MAX_FRAMES) throw refused(`has more than ${MAX_FRAMES} frames`);
    if (width * (pageHeight ?? height) * pages > MAX_PIXELS)
      throw refused(`has more than ${MAX_PIXELS / 1_000_000} million pixels`);
    const known = format as keyof typeof FORMATS;
    // A file of frames has no orientation, and cannot be turned.
    const upright = pages > 1 ? open() : open().autoOrient();
    const { data, info } = await upright.toFormat(known).toBuffer({ resolveWithObject: true });
    const thumbnail = await sharp(bytes, { limitInputPixels: MAX_PIXELS, pages: 1 })
      .timeout({ seconds: SECONDS })
      .autoOrient()
      .resize(THUMBNAIL, THUMBNAIL, { fit: 'inside', withoutEnlargement: true })
      .webp()
      .toBuffer();
    const shownHeight = info.pageHeight ?? info.height;
    return { type: FORMATS[known], width: info.width, height: shownHeight, whole: data, thumbnail };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw refused('is not an image that can be read, or too large to be unpacked', error);
  }
}

function refused(message: string, cause?: unknown): Error {
  const error = invalid([{ path: 'body', message }]);
  if (cause !== undefined) error.cause = cause;
  return error;
}
