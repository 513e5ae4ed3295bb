/* Logs of the fuzz: commands that servers know with arguments at their edges, transactions, payloads, annotations, and damaged lines. */
import { logOf, payloadOf } from '../../fixtures/generate/flaws/inputs.ts';
import type { Random } from '../../fixtures/generate/flaws/random.ts';
import type { Round } from './rdb-inputs.ts';

const keys = ['k', 'l', 'h', 's', 'z', 'x', '', 'a\r\nb', '\0', 'constructor', '__proto__', 'x'.repeat(80)];
const values = [
  ...['', '0', '-1', '1', '9223372036854775807', '-9223372036854775808', '18446744073709551616', '1.5', '-0', '1e400'],
  ...['nan', 'inf', '-inf', '(1', '[a', '-', '+', '*', '$', '1-1', '0-0', '18446744073709551615-18446744073709551615'],
  ...['4102444800000', '\0', '\r\n', '\xff\xfe', 'x'.repeat(300)],
];

/** `k`: any key; `l`, `h`, `s`, `z`, `x`: a key that mostly has that type; `v`: any value; `n`: a small number. */
const shapes: readonly string[] = [
  ...[
    'SET k v',
    'SET k v PXAT v',
    'SET k v KEEPTTL',
    'SETEX k n v',
    'SETNX k v',
    'GETSET k v',
    'MSET k v k v',
    'APPEND k v',
  ],
  ...[
    'SETRANGE k n v',
    'SETBIT k n 1',
    'INCR k',
    'INCRBY k v',
    'DECR k',
    'INCRBYFLOAT k v',
    'GETEX k PERSIST',
    'GETDEL k',
  ],
  ...[
    'DEL k k',
    'UNLINK k',
    'RENAME k k',
    'RENAMENX k k',
    'COPY k k REPLACE',
    'PERSIST k',
    'EXPIRE k v',
    'PEXPIREAT k v NX',
  ],
  ...[
    'RPUSH l v v v',
    'LPUSH l v',
    'LPOP l',
    'RPOP l n',
    'LREM l n v',
    'LSET l n v',
    'LTRIM l n n',
    'LINSERT l BEFORE v v',
  ],
  ...['LMOVE l l LEFT RIGHT', 'RPOPLPUSH l l', 'LMPOP 1 l LEFT COUNT n', 'SORT l STORE k', 'SORT k BY * STORE l'],
  ...['SADD s v v v', 'SADD s n n n', 'SREM s v', 'SPOP s', 'SMOVE s s v', 'SUNIONSTORE s s s', 'SDIFFSTORE k s k'],
  ...[
    'ZADD z n v n v',
    'ZADD z GT v v',
    'ZINCRBY z v v',
    'ZREM z v',
    'ZPOPMIN z',
    'ZRANGESTORE k z 0 -1',
    'ZUNIONSTORE z 2 z s',
  ],
  ...['ZREMRANGEBYLEX z v v', 'ZREMRANGEBYSCORE z -inf v', 'ZREMRANGEBYRANK z n n', 'ZRANGESTORE k k v v BYSCORE'],
  ...['HSET h v v v v', 'HSET h n n', 'HDEL h v', 'HINCRBY h v v', 'HINCRBYFLOAT h v v', 'HSETNX h v v', 'HMSET h v v'],
  ...['HPEXPIREAT h v FIELDS 1 v', 'HPERSIST h FIELDS 1 v', 'HSETEX h PXAT v FIELDS 1 v v', 'HGETDEL h FIELDS 1 v'],
  ...[
    'XADD x v v v',
    'XADD x 5-n v v',
    'XADD x MAXLEN ~ v * v v',
    'XADD x MAXLEN n 9-n v v',
    'XDEL x v',
    'XTRIM x MAXLEN n',
  ],
  ...['XGROUP CREATE x v v MKSTREAM', 'XGROUP CREATE x g 0', 'XGROUP SETID x g v', 'XGROUP DESTROY x v', 'XSETID x v'],
  ...[
    'XGROUP CREATECONSUMER x g v',
    'XGROUP DELCONSUMER x g v',
    'XACK x g v',
    'XCLAIM x g v 0 v TIME v RETRYCOUNT 1 FORCE',
  ],
  ...['XREADGROUP GROUP g v STREAMS x >', 'XAUTOCLAIM x g v 0 0', 'XACKDEL x g IDS 1 v', 'XDELEX x IDS 1 v'],
  ...[
    'PFADD k v v',
    'PFMERGE k k',
    'GEOADD z n n v',
    'GEOADD z v v v',
    'GEORADIUS z n n n km STORE k',
    'BITOP XOR k k k',
  ],
  ...[
    'BITFIELD k SET u8 n v',
    'BITFIELD k INCRBY i64 #n v',
    'VADD k VALUES 2 n n v',
    'VREM k v',
    'SELECT n',
    'SELECT v',
    'SWAPDB n n',
  ],
  ...[
    'MOVE k n',
    'FLUSHALL',
    'FLUSHDB ASYNC',
    'EVAL v 1 k',
    'EVALSHA v 0',
    'FCALL v 1 k',
    'FUNCTION LOAD v',
    'FUNCTION FLUSH',
  ],
  ...[
    'SCRIPT LOAD v',
    'SPUBLISH k v',
    'PUBLISH k v',
    'PING',
    'NOSUCHCOMMAND k',
    'MODULE.CMD k v',
    'CLUSTER SETSLOT n',
    'DEBUG k',
  ],
];

function wordsOf(random: Random, shape: string): string[] {
  return shape.split(' ').map((word) => {
    if (word === 'k') return random.pick(keys);
    if (word.length === 1 && 'lhszx'.includes(word))
      return random.once(12) ? random.pick(keys) : `${word}${random.below(2)}`;
    if (word === 'n' || word === '5-n' || word === '9-n' || word === '#n')
      return word.replace('n', String(random.below(random.once(6) ? 70_000 : 12)));
    if (word === 'v') return random.once(3) ? random.pick(values) : random.word(1, random.once(20) ? 90 : 5);
    return random.once(60) ? word.toLowerCase() : word;
  });
}

/** Lines that are no command. */
const noise = [
  '*\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*1\r\n$4\r\nPIN',
  '$3\r\nabc\r\n',
  '*99999999999\r\n',
  '\0\0\0\0',
  '#',
  '#TS:1\n',
  'SET k v\r\n',
];

function part(random: Random, round: Round): Buffer {
  if (random.once(15))
    return Buffer.from(`#TS:${random.pick(['1700000000', '1700000001', '0', '-1', 'x', '99999999999999'])}\r\n`);
  if (random.once(60)) return Buffer.from(random.pick(noise), 'latin1');
  if (random.once(25)) return logOf([[random.pick(['MULTI', 'EXEC', 'DISCARD', 'EXEC', 'multi'])]]);
  if (random.once(12)) {
    const payload = payloadOf(random.pick(round.values), !random.once(8));
    return logOf([['RESTORE', random.pick(keys), '0', payload, ...(random.once(2) ? ['REPLACE'] : [])]]);
  }
  const words = wordsOf(random, random.pick(shapes));
  if (random.once(60)) words.pop();
  if (random.once(90)) words.push(...words);
  return words.length === 0 ? Buffer.alloc(0) : logOf([words]);
}

export function randomLog(random: Random, round: Round): Buffer {
  const parts: Buffer[] = random.once(8) ? [] : [logOf([['SELECT', '0']])];
  const isTransaction = random.once(5);
  if (isTransaction) parts.push(logOf([['MULTI']]));
  for (let count = random.below(random.once(10) ? 300 : 40); count > 0; count--) parts.push(part(random, round));
  if (isTransaction && !random.once(3)) parts.push(logOf([['EXEC']]));
  return Buffer.concat(parts);
}
