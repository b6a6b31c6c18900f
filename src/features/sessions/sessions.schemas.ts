import { Type } from 'typebox';
import { plainText } from '../../http/field-types.ts';

const strict = { additionalProperties: false };
const Token = Type.String({ maxLength: 4096 });

export const Credentials = Type.Object(
  { username: plainText({ maxLength: 254 }), password: Type.String({ maxLength: 1024 }) },
  strict,
);
export const RefreshBody = Type.Object({ refresh: Token }, strict);
// Clients signed in by cookie send no body, an empty object, or (existing ones) null.
export const LogoutBody = Type.Union([Type.Object({ refresh: Type.Optional(Token) }, strict), Type.Null()]);
export const VerifyBody = Type.Object({ token: Token }, strict);

export const TokenPair = Type.Object({ access: Type.String(), refresh: Type.String() });
export const NamedTokenPair = Type.Object({
  username: Type.String(),
  access: Type.String(),
  refresh: Type.String(),
});
