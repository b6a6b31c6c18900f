import { Type } from 'typebox';
import { ROLES } from '../../http/authenticate.ts';
import { plainText } from '../../http/field-types.ts';

const strict = { additionalProperties: false };

export const RoleName = Type.Enum([...ROLES]);

// Lengths of the password are checked by the rules of passwords, which also say why; this bounds the work.
const newPassword = Type.String({ maxLength: 1024 });
const name = plainText({ maxLength: 100 });

export const SignupBody = Type.Object(
  {
    username: Type.String({ format: 'email', maxLength: 254, pattern: '^[^\\p{Cc}\\p{Cs}]*$' }),
    password: newPassword,
    first_name: Type.Optional(name),
    last_name: Type.Optional(name),
    display_name: Type.Optional(name),
  },
  strict,
);

export const ProfileBody = Type.Object(
  {
    first_name: Type.Optional(name),
    last_name: Type.Optional(name),
    display_name: Type.Optional(name),
  },
  strict,
);

export const RolesBody = Type.Object(
  { roles: Type.Array(RoleName, { maxItems: ROLES.length, uniqueItems: true }) },
  strict,
);

export const PublicMember = Type.Object({
  id: Type.Integer(),
  username: Type.String({ description: 'Masked, unless it is your own or you are admin.' }),
  display_name: Type.String(),
});

export const OwnProfile = Type.Object({
  id: Type.Integer(),
  username: Type.String(),
  display_name: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  roles: Type.Array(RoleName),
});
