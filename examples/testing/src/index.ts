export {
  type ComposedServer,
  composedServers,
  composedVariables,
  type ReadmeCommand,
  readmeCommands,
} from './readme.ts'
export { type Ended, type Service, type ServiceStarter, servicesOf } from './service.ts'
