import { disassemble, getChoseong } from 'es-hangul';

/** Initial consonants of the syllables (한국에서 → ㅎㄱㅇㅅ). Of Hangul only. */
export function toInitials(hangul: string): string {
  return getChoseong(hangul);
}

/** Consonants alone, at least two, not one over and over: ㅋㅋㅋ is a laugh. */
export function isInitials(word: string): boolean {
  return /^[ㄱ-ㅎ]{2,}$/.test(word) && new Set(word).size > 1;
}

/** A jamo for each key that writes it (왔 → ㅇㅗㅏㅆ): what typing errors are counted in. Other characters stay. */
export function toJamo(text: string): string {
  return disassemble(text);
}

export function isHangul(text: string): boolean {
  return /^[가-힣]+$/.test(text);
}
