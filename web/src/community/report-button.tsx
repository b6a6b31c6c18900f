import { NativeSelect, Textarea } from '@mantine/core';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { type ReportBody, report, type Subject } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

const REASONS: readonly ReportBody['reason'][] = ['spam', 'abuse', 'illegal', 'personal', 'other'];

export const ReportButton = ({ subject }: { subject: Subject }) => {
  const { t } = usePostSpeech();
  return (
    <AskButton
      color="gray"
      label={t('report')}
      question={t(`reportAsk.${subject.kind}`)}
      hint={t('reportHint')}
      final={t('sendReport')}
      run={async (form) => {
        const note = String(form.get('note')).trim();
        const reason = String(form.get('reason')) as ReportBody['reason'];
        await report(subject, { reason, ...(note && { note }) });
        sayText(t('reported'));
      }}
    >
      <NativeSelect
        name="reason"
        label={t('reason')}
        data={REASONS.map((value) => ({ value, label: t(`reason.${value}`) }))}
      />
      <Textarea name="note" label={t('reportNote')} maxLength={500} rows={2} />
    </AskButton>
  );
};
