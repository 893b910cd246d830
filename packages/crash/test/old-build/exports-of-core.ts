// Prints what the core that it gets exports.

const core: object = await import('@waybill/core')
process.stdout.write(JSON.stringify(Object.keys(core)))
