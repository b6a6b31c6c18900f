/** What members reported on the boards that the viewer moderates. */
import { Badge, Button, Skeleton, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import { hasRole, useMe } from '../session.ts';
import { toInstant } from '../zones.ts';
import { useReasonNames } from './reason-names.ts';
import { type Act, banMember, decide, listQueue, type Reported } from './staff-api.ts';
import { StaffHead } from './staff-head.tsx';
import { useStaffSpeech } from './staff-speech.ts';

const REFRESH_MS = 10_000;

const Ban = ({ author }: Pick<Reported, 'author'>) => {
  const { t } = useStaffSpeech();
  const tz = rememberedZone();
  const name = author.display_name || t('memberNo', { id: String(author.id) });
  return (
    <AskButton
      color="red"
      label={t('ban')}
      question={t('banAsk', { name })}
      hint={t('banHint')}
      final={t('ban')}
      run={async (form) => {
        const until = String(form.get('until'));
        await banMember(author.id, {
          reason: String(form.get('reason')),
          ...(until && { until: new Date(toInstant(until, tz)).toISOString() }),
        });
        sayText(t('banned', { name }));
      }}
    >
      <Textarea name="reason" label={t('banReason')} required maxLength={500} rows={2} />
      <TextInput
        type="datetime-local"
        name="until"
        label={t('banUntil')}
        description={t('banUntilHint', { zone: tz })}
      />
    </AskButton>
  );
};

const Item = ({ item }: { item: Reported }) => {
  const { t, time, number } = useStaffSpeech();
  const isAdmin = hasRole(useMe(), 'admin');
  const reasons = useReasonNames(item.reasons);
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: (what: Act) => decide(item, what, ''),
    onSuccess: (_, what) => sayText(t(`done.${what}`)),
    // a refusal too: somebody else may have decided
    onSettled: () => queries.invalidateQueries({ queryKey: ['queue'] }),
    onError: (error) => sayText(error.message),
  });
  const button = (what: Act, color: 'red' | 'gray') => (
    <Button
      key={what}
      variant={color === 'red' ? 'light' : 'default'}
      color={color}
      size="compact-sm"
      loading={act.isPending && act.variables === what}
      disabled={act.isPending}
      onClick={() => act.mutate(what)}
    >
      {t(`act.${what}`)}
    </Button>
  );
  return (
    <li className="panel staff-row">
      <div className="staff-lead">
        <Badge variant="light" color="red" radius="sm" tt="none">
          {t('reportCount', { count: number(item.reports) })}
        </Badge>
        <span className="small">{reasons}</span>
        {item.is_hidden && (
          <Badge variant="light" color="gray" radius="sm" tt="none">
            {t('isHidden')}
          </Badge>
        )}
        <span className="small soft">
          {t(`subject.${item.kind}`)} · {t('since', { time: time(item.first_at, rememberedZone()) })}
        </span>
      </div>
      <b className="small reported-by">
        {item.author.display_name || t('memberNo', { id: String(item.author.id) })}
      </b>
      <p className="reported-text">{item.content}</p>
      <div className="acts middle">
        {item.is_hidden ? button('restore', 'gray') : button('hide', 'red')}
        {button('dismiss', 'gray')}
        {isAdmin && <Ban author={item.author} />}
        {!item.is_hidden && (
          <Link
            to="/boards/$b/posts/$p"
            params={{ b: String(item.board_id), p: String(item.post_id) }}
            preload={false}
            className="back"
          >
            {t('openPost')}
          </Link>
        )}
      </div>
    </li>
  );
};

export const ModerationPage = () => {
  const { t } = useStaffSpeech();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['queue'],
    queryFn: ({ signal }) => listQueue(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      <StaffHead title={t('reports')} />
      <p className="soft">{t('reportsAbout')}</p>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && <Skeleton height={240} radius="lg" />}
      {data?.length === 0 && (
        <div className="panel empty">
          <h2>{t('noReports')}</h2>
          <p className="soft">{t('noReportsHint')}</p>
        </div>
      )}
      <ul className="rows">
        {data?.map((item) => (
          <Item key={`${item.kind} ${item.id}`} item={item} />
        ))}
      </ul>
    </>
  );
};
