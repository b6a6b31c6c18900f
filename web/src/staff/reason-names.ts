import { useStaffSpeech } from './staff-speech.ts';

const REASONS = ['spam', 'abuse', 'illegal', 'personal', 'other', 'held'] as const;

/** A reason that is newer than these pages keeps its own name. */
export const useReasonNames = (reasons: readonly string[]): string => {
  const { t } = useStaffSpeech();
  return reasons
    .map((reason) => {
      const known = REASONS.find((one) => one === reason);
      return known ? t(`why.${known}`) : reason;
    })
    .join(', ');
};
