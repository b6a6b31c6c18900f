import { withWords } from '../language.tsx';
import { en } from './words-inbox-en.ts';
import { ko } from './words-inbox-ko.ts';

export const useInboxSpeech = withWords({ en, ko });
