import fc from "fast-check";
import { expect, it } from "vitest";
import { holdsPassword, readPostgresAddress } from "../src/postgres-address.ts";

it("an address without a password is shown as it is", () => {
  for (const text of [
    "postgresql://tally@db.example.com:5433/costs?sslmode=require",
    "postgres://db/costs",
    "postgres://db:5432/costs?application_name=tally@night",
    "postgres://one:5432,two:5433/costs?user=tally@night",
    "postgres://tally@[::1]:5432/costs?application_name=tally@night",
    "postgres://[::1]:5432/costs?application_name=tally@night",
    "host=db dbname=costs user=tally passfile=/etc/tally/pgpass",
    "service=costs",
  ]) {
    expect(holdsPassword(text)).toBe(false);
    expect(readPostgresAddress(text)).toMatchObject({ text, shown: text });
    expect(readPostgresAddress(text).redact("can't connect")).toBe("can't connect");
  }
});

it("a password is found in each form that libpq takes, and is in nothing that is shown", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9 @:/'"\\%?&=#-]{1,12}Q7[A-Za-z0-9]{6}$/);
  fc.assert(
    fc.property(word, (password) => {
      const encoded = encodeURIComponent(password).replaceAll("'", "%27");
      const quoted = `'${password.replace(/[\\']/g, "\\$&")}'`;
      for (const text of [
        `postgresql://tally:${encoded}@db:5432/costs`,
        `postgres://db/costs?user=tally&password=${encoded}&sslmode=require`,
        `host=db password=${quoted} dbname=costs`,
        `password = ${quoted}`,
        `host=db sslpassword=${quoted}`,
      ]) {
        expect(holdsPassword(text)).toBe(true);
        const { shown, redact } = readPostgresAddress(text);
        const said = redact(`can't connect to "${text}": ${password} is wrong`);
        for (const each of [shown, said]) {
          expect(each).not.toContain(password);
          expect(each).not.toContain(password.slice(-8));
        }
      }
    }),
    { numRuns: 100 },
  );
});

it("a password that should have been encoded, and was not, is in nothing that is shown either", () => {
  for (const password of ["sec/ret", "sec?ret", "1sec#ret", "s/ec@ret:"]) {
    const text = `postgresql://tally:${password}@db:5432/costs`;
    expect(holdsPassword(text)).toBe(true);
    const { shown, redact } = readPostgresAddress(text);
    expect(shown).toBe("postgresql://tally@db:5432/costs");
    expect(redact(`can't connect to "${text}": ${password}`)).not.toContain("ret");
  }
});
