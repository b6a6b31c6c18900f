export { type CampaignCache, createCampaignCache, isLive } from './campaign-cache.ts';
export { findCampaigns, findOrInsertImported } from './campaigns.queries.ts';
export { registerCampaignRoutes } from './campaigns.routes.ts';
export { createCampaign, getCampaign, unknownCampaign } from './campaigns.service.ts';
