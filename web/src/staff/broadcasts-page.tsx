/** Messages by push to all members. */
import { Badge, Button, Checkbox, Skeleton, Textarea, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useIdempotencyKey } from '../community/idempotency-key.ts';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import { type Broadcast, listBroadcasts, type NewBroadcast, sendBroadcast } from './staff-api.ts';
import { StaffHead } from './staff-head.tsx';
import { useStaffSpeech } from './staff-speech.ts';

const BROADCASTS_A_PAGE = 10;
const REFRESH_MS = 5000;

const Form = () => {
  const { t } = useStaffSpeech();
  const queries = useQueryClient();
  const formRef = useRef<HTMLFormElement>(null);
  const dialogRef = useRef<HTMLDialogElement>(null);
  const { keyOf, done } = useIdempotencyKey();
  const [draft, setDraft] = useState<NewBroadcast>();
  const send = useMutation({
    mutationFn: (body: NewBroadcast) => sendBroadcast(body, keyOf(body)),
    onSuccess: async () => {
      done();
      dialogRef.current?.close();
      formRef.current?.reset();
      sayText(t('broadcastSent'));
      await queries.invalidateQueries({ queryKey: ['broadcasts'] });
    },
  });
  const ask = (form: FormData) => {
    send.reset();
    setDraft({
      title: String(form.get('title')),
      body: String(form.get('body')),
      path: String(form.get('path')) || '/',
      advertising: form.has('advertising'),
    });
    dialogRef.current?.showModal();
  };
  return (
    <form
      ref={formRef}
      className="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        ask(new FormData(event.currentTarget));
      }}
    >
      <TextInput name="title" label={t('messageTitle')} required maxLength={100} />
      <Textarea name="body" label={t('messageBody')} required maxLength={500} rows={3} />
      <TextInput
        name="path"
        label={t('messagePath')}
        description={t('messagePathHint')}
        placeholder="/boards"
        pattern="/(?!/)[\w\/?=&%.\-]*"
        maxLength={200}
      />
      <Checkbox name="advertising" label={t('isAdvertising')} description={t('isAdvertisingHint')} />
      <div className="acts">
        <Button type="submit">{t('sendToAll')}</Button>
      </div>
      <dialog ref={dialogRef} className="panel" aria-label={t('sendAsk')}>
        <h2>{t('sendAsk')}</h2>
        <p className="reported-text">
          {draft && `${draft.advertising ? '(광고) ' : ''}${draft.title}\n${draft.body}`}
        </p>
        <p className="small soft">{t(draft?.advertising ? 'sendAskAdvertising' : 'sendAskHint')}</p>
        {send.isError && <Problem error={send.error} />}
        <div className="acts">
          <Button variant="default" onClick={() => dialogRef.current?.close()}>
            {t('cancel')}
          </Button>
          <Button loading={send.isPending} onClick={() => draft && send.mutate(draft)}>
            {t('sendFinal')}
          </Button>
        </div>
      </dialog>
    </form>
  );
};

const Row = ({ message }: { message: Broadcast }) => {
  const { t, time } = useStaffSpeech();
  return (
    <li className="panel staff-row">
      <div className="staff-lead">
        <b className="reported-by">{message.title}</b>
        {message.advertising && (
          <Badge variant="light" color="orange" radius="sm" tt="none">
            {t('advertisingLabel')}
          </Badge>
        )}
        <span className="small soft">
          {time(message.created_at, rememberedZone())} ·{' '}
          {t(message.is_sent_out ? 'isSentOut' : 'isBeingSent')}
        </span>
      </div>
      <p className="reported-text">{message.body}</p>
      <span className="small soft code">{message.path}</span>
    </li>
  );
};

export const BroadcastsPage = () => {
  const { t } = useStaffSpeech();
  const list = useInfiniteQuery({
    queryKey: ['broadcasts'],
    queryFn: ({ pageParam, signal }) => listBroadcasts(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length < BROADCASTS_A_PAGE ? undefined : page.at(-1)?.id),
    refetchInterval: REFRESH_MS,
  });
  const messages = list.data?.pages.flat() ?? [];
  return (
    <>
      <StaffHead title={t('broadcasts')} />
      <p className="soft">{t('broadcastsAbout')}</p>
      <Form />
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={160} radius="lg" />}
      {list.isSuccess && messages.length === 0 && <p className="soft">{t('noBroadcasts')}</p>}
      <ul className="rows">
        {messages.map((message) => (
          <Row key={message.id} message={message} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('olderBroadcasts')}
        </Button>
      )}
    </>
  );
};
