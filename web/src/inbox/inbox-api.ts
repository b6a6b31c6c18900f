/** Notifications, their preferences, devices: one function a route. */
import { queryOptions } from '@tanstack/react-query';
import type { Got, Sent } from '../api.ts';
import type { paths } from '../openapi.d.ts';
import { findLink, open, request } from '../request.ts';

export type Group = Got<'/api/notifications/grouped'>[number];
export type NotificationType = keyof Preferences['types'];
export type Preferences = Got<'/api/notifications/preferences'>;
export type NewPreferences = Sent<paths['/api/notifications/preferences']['put']>;
export type Device = Got<'/api/devices'>[number];

export interface GroupPart {
  groups: Group[];
  /** `before` of what is older; undefined at the end */
  older: number | undefined;
}
export const listGroups = async (before: number, signal?: AbortSignal): Promise<GroupPart> => {
  const query = before ? { before } : {};
  const response = await open('GET', '/notifications/grouped', { query, signal });
  const next = findLink(response, 'next')?.get('before');
  return { groups: (await response.json()) as Group[], older: next ? Number(next) : undefined };
};
export const readOne = (id: number) => request<unknown>('POST', `/notifications/${id}/read`);
export const readAll = () => request<{ read: number }>('POST', '/notifications/read_all');

export const preferencesQuery = queryOptions({
  queryKey: ['preferences'],
  queryFn: ({ signal }) => request<Preferences>('GET', '/notifications/preferences', { signal }),
});
export const savePreferences = (body: NewPreferences) =>
  request<Preferences>('PUT', '/notifications/preferences', { body });
export const mutePost = (id: number, on: boolean) =>
  request<void>(on ? 'PUT' : 'DELETE', `/notifications/muted_posts/${id}`);

export const listDevices = (signal?: AbortSignal) => request<Device[]>('GET', '/devices', { signal });
export const addDevice = (name: string, token: string) =>
  request<Device>('POST', '/devices', { body: { name, token } });
export const deleteDevice = (id: number) => request<void>('DELETE', `/devices/${id}`);
export const getPushKey = () => request<Got<'/api/devices/web_push_key'>>('GET', '/devices/web_push_key');
