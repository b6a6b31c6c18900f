import { type Static, Type } from 'typebox';
import { plainText } from '../../http/field-types.ts';

export const DeviceBody = Type.Object(
  {
    name: plainText({ minLength: 1, maxLength: 100 }),
    token: Type.String({
      minLength: 8,
      maxLength: 4_096,
      description: 'a registration token of FCM, or a PushSubscription as JSON',
    }),
  },
  { additionalProperties: false },
);
export type DeviceBody = Static<typeof DeviceBody>;

export const Device = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  token: Type.String({ description: 'masked to its last four characters' }),
});
