import { convertHangulToQwerty, convertQwertyToHangul } from 'es-hangul';
import { isHangul } from './hangul.ts';

/**
 * What was meant where the keyboard was switched the wrong way, else undefined. A reading, no verdict: `go` gives 해, so
 * whoever asks must know that the word as it was typed is nowhere.
 *
 * gksrnr → 한국 (whole syllables or nothing) · ㅗ디ㅣㅐ → hello (only with jamo that stand alone, as no Korean word has).
 */
export function readOtherKeyboard(word: string): string | undefined {
  if (/^[a-z]{2,}$/i.test(word)) {
    // All capitals are the other key that was left switched on: there ㄲ is as rare as R is common.
    const korean = convertQwertyToHangul(word === word.toUpperCase() ? word.toLowerCase() : word);
    return isHangul(korean) ? korean : undefined;
  }
  if (!/^[가-힣ㄱ-ㅣ]{2,}$/.test(word) || !/[ㅏ-ㅣ]/.test(word) || new Set(word).size === 1) return undefined;
  const latin = convertHangulToQwerty(word).toLowerCase();
  return /^[a-z]+$/.test(latin) ? latin : undefined;
}
