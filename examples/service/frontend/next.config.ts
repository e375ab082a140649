import type { NextConfig } from "next";

const headers = [
  { key: "Content-Security-Policy", value: "frame-ancestors 'none'; base-uri 'none'; form-action 'self'" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "X-Content-Type-Options", value: "nosniff" },
];

const config: NextConfig = {
  // Native code is not bundled.
  serverExternalPackages: ["counterseal"],
  headers: async () => [{ source: "/:path*", headers }],
};

export default config;
