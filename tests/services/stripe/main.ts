/**
 * `npm run stripe`: an account at Stripe for a person, until Ctrl-C, filled with the charges of a shop. It is ours and keeps
 * its objects in memory; see README.md. `--port 12121` listens on another port than 12111.
 */
import { parseArgs } from "node:util";
import { openAccount } from "./account.ts";
import { serve } from "./faults.ts";
import { install } from "./install.ts";

const usage = `npm run stripe -- [--port <n>] [--install-mock]

An account like one at Stripe on this machine until Ctrl-C: 600 charges of the last 200 days, refunds, disputes and their fees.

  --port <n>      where it listens, from 1 to 65535 (default 12111)
  --install-mock  installs stripe-mock for the tests instead, by Go`;

/** What was asked for. Ends the program for what it does not understand, and after help. */
function wanted(): { port: number; mock: boolean } {
  try {
    const options = {
      port: { type: "string", default: "12111" },
      "install-mock": { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    } as const;
    const { port, help, "install-mock": mock } = parseArgs({ options }).values;
    if (help) {
      console.log(usage);
      process.exit(0);
    }
    if (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
      return { port: Number(port), mock };
    console.error(`--port ${port}: give a whole number from 1 to 65535.`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
  }
  process.exit(2);
}

const { port, mock } = wanted();
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
