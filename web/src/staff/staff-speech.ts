import { withWords } from '../language.tsx';
import { en } from './words-staff-en.ts';
import { ko } from './words-staff-ko.ts';

export const useStaffSpeech = withWords({ en, ko });
