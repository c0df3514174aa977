/**
 * `npm run stripe`: an account at Stripe for a person, until Ctrl-C, filled with the charges of a shop. It is ours and keeps
 * its objects in memory; see README.md. `--port 12121` listens on another port than 12111.
 */
import { portOf, wanted } from "../command.ts";
import { openAccount } from "./account.ts";
import { serve } from "./faults.ts";
import { install } from "./install.ts";

const usage = `npm run stripe -- [--port <n>] [--install-mock]

An account like one at Stripe on this machine until Ctrl-C: 600 charges of the last 200 days, refunds, disputes and their fees.

  --port <n>      where it listens, from 1 to 65535 (default 12111)
  --install-mock  installs stripe-mock for the tests instead, by Go`;

const { port, "install-mock": mock } = wanted(usage, { port: portOf(12_111) }, ["install-mock"]);
try {
  if (mock) console.log(await install(console.error));
  else await keepAccount();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(
    code === "EADDRINUSE"
      ? `Port ${port} is in use. Take another one: npm run stripe -- --port 12121`
      : message,
  );
  process.exitCode = code === "EADDRINUSE" ? 2 : 1;
}

async function keepAccount(): Promise<void> {
  const key = "sk_test_shop"; // pragma: allowlist secret
  const account = openAccount([key]);
  const now = Math.floor(Date.now() / 1000);
  for (let index = 0; index < 600; index++) {
    const at = now - 200 * 86_400 + index * 28_800;
    const charge = account.charge({ at, amount: 900 + ((index * 7919) % 20_000), order: `O${1000 + index}` });
    const later = at + 86_400 * (1 + (index % 40));
    if (index % 20 === 3 && later < now) account.refund(charge, { at: later });
    if (index % 150 === 7) account.dispute(charge, { at: at + 86_400 });
  }
  const { base } = await serve(account.answer, port);
  console.log(`export STRIPE_API_BASE=${base}\nexport STRIPE_API_KEY=${key}`);
  console.error(
    `An account with ${account.lists.charges.length} charges and ${account.lists.refunds.length} refunds is up until Ctrl-C. In another ` +
      `terminal, with these two set: npx shopmetrics run --only bronze.stripe`,
  );
}
