import { describeInbox, describeRelay, describeStorage, pairHarness } from '@waybill/conformance'
import { onServer, sharedMariadb } from '@waybill/conformance/containers'
import { afterAll, it } from 'vitest'
import { close, variants } from './harness.ts'
import { options, publisher, runner } from './rules.ts'

const { mariadb, 'mariadb-no-floor': noFloor } = variants

afterAll(close)

onServer(await sharedMariadb(), { it }, () => {
  runner.describe('on MariaDB', () => {
    describeStorage('mariadb', runner, mariadb.storage, options)
    describeInbox('mariadb', runner, mariadb.inbox, options)
    describeRelay('mariadb with the memory broker', runner, pairHarness(mariadb.storage, publisher))
    describeStorage('mariadb without a view of the locks', runner, noFloor.storage, options)
  })
})
