import { withWords } from '../language.tsx';
import { en } from './words-posts-en.ts';
import { ko } from './words-posts-ko.ts';

export const usePostSpeech = withWords({ en, ko });
