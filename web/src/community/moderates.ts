/** Who moderates: admins every board, others those that name them. */
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../request.ts';
import { hasRole, useMe } from '../session.ts';
import { listQueue } from '../staff/staff-api.ts';
import { listModerators } from './community-api.ts';

const orNothing = <T>(asked: Promise<T>): Promise<T | null> =>
  asked.catch((error: unknown) => {
    if (error instanceof ApiError && error.problem.status === 403) return null;
    throw error;
  });

/** Whether the viewer moderates any board: asked once, since the profile does not say it. */
export const useModeratesAny = (): boolean => {
  const me = useMe();
  const isAdmin = hasRole(me, 'admin');
  const { data } = useQuery({
    queryKey: ['moderates', me?.id],
    queryFn: ({ signal }) => orNothing(listQueue(signal)).then((queue) => queue !== null),
    enabled: !!me && !isAdmin,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return isAdmin || data === true;
};

export const useModerates = (b: number): boolean => {
  const me = useMe();
  const any = useModeratesAny();
  const isAdmin = hasRole(me, 'admin');
  const { data } = useQuery({
    queryKey: ['moderators', b],
    queryFn: ({ signal }) => orNothing(listModerators(b, signal)),
    enabled: any && !isAdmin,
    staleTime: 60_000,
  });
  return isAdmin || (!!me && !!data?.moderators.includes(me.id));
};
