export { createDeviceSender, type SendToDevice } from './device-sender.ts';
export { eraseDevices } from './devices.queries.ts';
export { registerDeviceRoutes } from './devices.routes.ts';
export { createTokenSeal } from './token-seal.ts';
