/** Words that are refused or held in what members write. */
import { Button, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { AskButton } from '../ask-button.tsx';
import { Problem } from '../problem.tsx';
import { deleteWord, listWords, type NewWord, saveWord } from './staff-api.ts';
import { StaffHead } from './staff-head.tsx';
import { useStaffSpeech } from './staff-speech.ts';

const RULES: readonly NewWord['rule'][] = ['refuse', 'hold', 'allow'];

export const WordsPage = () => {
  const { t } = useStaffSpeech();
  const queries = useQueryClient();
  const formRef = useRef<HTMLFormElement>(null);
  const list = useQuery({ queryKey: ['words'], queryFn: ({ signal }) => listWords(signal) });
  const reload = () => queries.invalidateQueries({ queryKey: ['words'] });
  const save = useMutation({
    mutationFn: saveWord,
    onSuccess: async () => {
      formRef.current?.reset();
      await reload();
    },
  });
  const ruleName = (rule: string) => {
    const known = RULES.find((one) => one === rule);
    return known ? t(`rule.${known}`) : rule;
  };
  return (
    <>
      <StaffHead title={t('words')} />
      <p className="soft">{t('wordsAbout')}</p>
      <form
        ref={formRef}
        className="panel word-form"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          save.mutate({ word: String(form.get('word')), rule: String(form.get('rule')) as NewWord['rule'] });
        }}
      >
        <TextInput name="word" label={t('word')} required maxLength={50} />
        <NativeSelect
          name="rule"
          label={t('wordRule')}
          data={RULES.map((value) => ({ value, label: t(`rule.${value}`) }))}
        />
        <Button type="submit" loading={save.isPending}>
          {t('addWord')}
        </Button>
      </form>
      {save.isError && <Problem error={save.error} />}
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={160} radius="lg" />}
      {list.data?.length === 0 && <p className="panel empty soft">{t('noWords')}</p>}
      <ul className="rows">
        {list.data?.map(({ id, word, rule }) => (
          <li key={id} className="panel word">
            <b>{word}</b>
            <span className="small soft">{ruleName(rule)}</span>
            <AskButton
              color="red"
              label={t('removeWord')}
              question={t('removeWordAsk', { word })}
              final={t('removeWord')}
              run={() => deleteWord(id).then(reload)}
            />
          </li>
        ))}
      </ul>
    </>
  );
};
