/** Push to this very browser (Push API): a service worker that shows what arrives, and a subscription. */
import { addDevice, getPushKey } from './inbox-api.ts';

const WORKER = '/push-worker.js';

/** Why this browser cannot be told: it is not trusted here, cannot at all, or was forbidden. */
export type Obstacle = 'insecure' | 'unsupported' | 'forbidden';
export const findObstacle = (): Obstacle | undefined => {
  if (!isSecureContext) return 'insecure';
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window))
    return 'unsupported';
  return Notification.permission === 'denied' ? 'forbidden' : undefined;
};

const toBytes = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));

/** Asks the person, subscribes, and registers the subscription as a device. False where the person said no. */
export const subscribe = async (name: string): Promise<boolean> => {
  if ((await Notification.requestPermission()) !== 'granted') return false;
  await navigator.serviceWorker.register(WORKER);
  const worker = await navigator.serviceWorker.ready;
  const { public_key } = await getPushKey();
  const subscription =
    (await worker.pushManager.getSubscription()) ??
    (await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: toBytes(public_key),
    }));
  await addDevice(name, JSON.stringify(subscription));
  return true;
};

/** `Chrome · Windows`, as far as the browser says it. */
export const nameOfBrowser = (): string => {
  const agent = navigator.userAgent;
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1] ?? 'Browser';
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1] ?? '';
  return [browser.replace('Edg', 'Edge').replace('OPR', 'Opera'), system].filter(Boolean).join(' · ');
};
