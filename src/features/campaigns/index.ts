export { type CampaignCache, createCampaignCache, isLive } from './campaign-cache.ts';
export { findOrInsertImported } from './campaigns.queries.ts';
export { registerCampaignRoutes } from './campaigns.routes.ts';
export { createCampaign, getCampaign } from './campaigns.service.ts';
