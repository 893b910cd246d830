import { startMariadb } from '@waybill/conformance/containers'
import { verifyFaults } from './faults.ts'

verifyFaults(await startMariadb())
