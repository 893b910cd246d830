export { followReadme, type ReadmeActions } from './readme.ts'
export { type Ended, type Service, type ServiceStarter, type StartTerms, servicesOf } from './service.ts'
