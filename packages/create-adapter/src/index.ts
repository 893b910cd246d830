export { ArgumentError, readArguments, usage } from './arguments.ts'
export { type AdapterPlan, FolderInUseError, generateAdapter } from './generate.ts'
export { type AdapterKind, type AdapterNames, adapterKinds, adapterNames } from './names.ts'
