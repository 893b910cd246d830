import { WaybillError } from './waybill-error.ts'

/** An adapter was made for another version of the contracts. */
export class SpecificationError extends WaybillError {
  constructor(adapter: string, version: unknown) {
    super({
      code: 'SPECIFICATION',
      message: `Adapter '${adapter}' has specificationVersion ${String(version)}, this build knows v1: install versions of the adapter and of @waybill/core that belong together`,
      retryable: false,
    })
  }
}
