import { describeInbox, describeRelay, describeStorage, pairHarness } from '@waybill/conformance'
import { onServer, sharedMysql } from '@waybill/conformance/containers'
import { afterAll, it } from 'vitest'
import { close, inbox, storage, variants } from './harness.ts'
import { options, publisher, runner } from './rules.ts'

afterAll(close)

onServer(await sharedMysql(), { it }, () => {
  runner.describe('on MySQL', () => {
    describeStorage('mysql', runner, storage, options)
    describeInbox('mysql', runner, inbox, options)
    describeRelay('mysql with the memory broker', runner, pairHarness(storage, publisher))
    const byKysely = variants['mysql-kysely']
    describeStorage('mysql by Kysely', runner, byKysely.storage, options)
    describeInbox('mysql by Kysely', runner, byKysely.inbox, options)
  })
})
