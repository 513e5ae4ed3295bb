import fs from 'node:fs';

const words = Array.from({ length: 2000 }, (_, index) => `w${((index * 7919) % 100003).toString(36)}`);

/**
 * Writes a log of a mix of commands over `keys` keys, the same bytes every time: sessions and pages (SET), users (HSET), counters,
 * boards (ZADD), queues (LPUSH, RPOP), tags (SADD), deletions, expiries, and transactions with a stream.
 */
export function writeMixedLog(file: string, mebibytes: number, keys = 300_000): void {
  const target = mebibytes * 1024 * 1024;
  const descriptor = fs.openSync(file, 'w');
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 4294967296;
  const below = (limit: number) => Math.floor(random() * limit);
  let parts: string[] = [];
  let pending = 0;
  let total = 0;
  let count = 0;
  const emit = (...args: (string | number)[]) => {
    const record = `*${args.length}\r\n${args.map((arg) => `$${String(arg).length}\r\n${arg}\r\n`).join('')}`;
    parts.push(record);
    pending += record.length;
    count++;
    if (pending < 1 << 20) return;
    fs.writeSync(descriptor, parts.join(''), null, 'latin1');
    total += pending;
    parts = [];
    pending = 0;
  };
  const text = (length: number) => {
    let made = '';
    while (made.length < length) made += `${words[below(2000)]} `;
    return made.slice(0, length);
  };
  emit('SELECT', 0);
  while (total + pending < target) {
    const kind = random();
    const key = below(keys);
    if (kind < 0.35) emit('SET', `user:session:${key}`, text(20 + below(200)));
    else if (kind < 0.45) emit('SET', `cache:page:${key}`, text(100 + below(800)), 'PXAT', 1900000000000 + key);
    else if (kind < 0.6)
      emit('HSET', `user:${key}`, 'name', text(12), 'email', `u${key}@example.com`, 'visits', below(1000));
    else if (kind < 0.7) emit('INCR', `counter:${key % 5000}`);
    else if (kind < 0.78) emit('ZADD', `board:${key % 500}`, (random() * 1e6).toFixed(2), `player:${key}`);
    else if (kind < 0.86) emit('LPUSH', `queue:${key % 200}`, `{"id":${key},"payload":"${text(40)}"}`);
    else if (kind < 0.9) emit('RPOP', `queue:${key % 200}`);
    else if (kind < 0.94) emit('SADD', `tags:${key % 3000}`, `tag:${below(100000)}`);
    else if (kind < 0.96) emit('DEL', `user:session:${key}`);
    else if (kind < 0.98) emit('PEXPIREAT', `user:${key}`, 1900000000000 + key);
    else {
      emit('MULTI');
      emit('HINCRBY', `acct:${key % 20000}`, 'bal', 5);
      emit('XADD', `log:${key % 50}`, `${1700000000000 + count}-0`, 'ev', `x${key}`, 'ts', count);
      emit('EXEC');
    }
  }
  fs.writeSync(descriptor, parts.join(''), null, 'latin1');
  fs.closeSync(descriptor);
}
