import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { deleteDevice, listDevices } from './inbox-api.ts';
import { useInboxSpeech } from './inbox-speech.ts';
import { findObstacle, nameOfBrowser, subscribe } from './web-push.ts';

/** Phones and browsers that get push notifications. */
export const Devices = () => {
  const { t } = useInboxSpeech();
  const queries = useQueryClient();
  const list = useQuery({ queryKey: ['devices'], queryFn: ({ signal }) => listDevices(signal) });
  const reload = () => queries.invalidateQueries({ queryKey: ['devices'] });
  const add = useMutation({
    mutationFn: () => subscribe(nameOfBrowser()),
    onSuccess: async (granted) => {
      await reload();
      sayText(t(granted ? 'deviceAdded' : 'obstacle.forbidden'));
    },
  });
  const obstacle = findObstacle();
  return (
    <section className="panel form">
      <h2>{t('devices')}</h2>
      {list.isPending && <Skeleton height={60} radius="md" />}
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <p className="soft">{t('noDevices')}</p>}
      <ul className="rows">
        {list.data?.map(({ id, name, token }) => (
          <li key={id} className="device">
            <span className="name">{name}</span>
            <span className="small soft code">{token}</span>
            <AskButton
              color="red"
              label={t('deleteDevice')}
              question={t('deleteDeviceAsk', { name })}
              final={t('deleteDevice')}
              run={() => deleteDevice(id).then(reload)}
            />
          </li>
        ))}
      </ul>
      {add.isError && <Problem error={add.error} />}
      <div>
        <Button
          variant="default"
          disabled={obstacle !== undefined}
          loading={add.isPending}
          onClick={() => add.mutate()}
        >
          {t('notifyHere')}
        </Button>
      </div>
      {obstacle && <p className="small soft">{t(`obstacle.${obstacle}`)}</p>}
    </section>
  );
};
