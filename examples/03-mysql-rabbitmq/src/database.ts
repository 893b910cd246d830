import { migrateMysql } from '@waybill/mysql'
import { createPool, type PoolConnection } from 'mysql2/promise'
import { config } from './config.ts'

export const pool = createPool({ uri: config.MYSQL_URL, connectionLimit: 20 })

const statements = [
  'create table if not exists articles (sku varchar(40) primary key, stock int unsigned not null)',
  `insert ignore into articles values ('chair', 1000), ('table', 1000), ('lamp', 1000), ('piano', 10)`,
  `create table if not exists orders (
    id varchar(40) primary key, sku varchar(40) not null, quantity int not null, stock_left int not null)`,
  'create table if not exists shelves (sku varchar(40) primary key, place varchar(10) not null)',
  `insert ignore into shelves values ('chair', 'A1'), ('table', 'B2'), ('lamp', 'C3')`,
  `create table if not exists picks (
    number int auto_increment primary key, order_id varchar(40) not null, sku varchar(40) not null,
    quantity int not null, place varchar(10) not null, stock_left int not null)`,
]

/** Brings the tables to what this build needs, with something in stock. Every process may call it, also at once. */
export async function migrate(): Promise<void> {
  await migrateMysql({ pool })
  for (const statement of statements) await pool.query(statement)
}

export async function inTransaction<T>(work: (tx: PoolConnection) => Promise<T>): Promise<T> {
  const tx = await pool.getConnection()
  try {
    await tx.beginTransaction()
    const result = await work(tx)
    await tx.commit()
    tx.release()
    return result
  } catch (error) {
    // A connection that cannot even roll back is not given back to the pool.
    await tx.rollback().then(
      () => tx.release(),
      () => tx.destroy(),
    )
    throw error
  }
}
