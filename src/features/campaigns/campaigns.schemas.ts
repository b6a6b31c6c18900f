import { type Static, Type } from 'typebox';

const Title = Type.String({ minLength: 1, maxLength: 200 });
const Content = Type.String({ minLength: 1, maxLength: 20_000 });
const Landing = Type.String({ maxLength: 2_048, description: 'https only; where /t/c/{id} leads' });
const Instant = Type.String({ maxLength: 40, description: 'RFC 3339 with offset' });

export const CampaignBody = Type.Object(
  {
    title: Title,
    content: Content,
    start_date: Instant,
    end_date: Instant,
    landing_url: Type.Optional(Type.Union([Landing, Type.Null()])),
    is_visible: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type CampaignBody = Static<typeof CampaignBody>;

export const CampaignPatchBody = Type.Partial(CampaignBody, { additionalProperties: false });
export type CampaignPatchBody = Static<typeof CampaignPatchBody>;

export const CampaignId = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 }) });

export const ViewQuery = Type.Object(
  { is_true_view: Type.Optional(Type.Boolean()), event_id: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export const CampaignListQuery = Type.Object(
  {
    last_id: Type.Optional(Type.Integer({ minimum: 1 })),
    first_id: Type.Optional(Type.Integer({ minimum: 0 })),
    q: Type.Optional(
      Type.String({ maxLength: 200, description: 'part of the title; for staff and own ones' }),
    ),
    owner: Type.Optional(Type.Union([Type.Literal('me'), Type.String({ pattern: '^[0-9]{1,15}$' })])),
  },
  { additionalProperties: false },
);
export type CampaignListQuery = Static<typeof CampaignListQuery>;

export const Campaign = Type.Object({
  id: Type.Integer(),
  owner_id: Type.Integer(),
  title: Type.String(),
  content: Type.String(),
  landing_url: Type.Union([Type.String(), Type.Null()]),
  start_date: Type.String(),
  end_date: Type.String(),
  views: Type.Integer({ description: 'valid views, at most a second old, without this request' }),
  clicks: Type.Integer(),
  is_visible: Type.Boolean(),
  is_deleted: Type.Boolean(),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type Campaign = Static<typeof Campaign>;
