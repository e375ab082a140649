import type { Metadata } from "next";
import type { ReactNode } from "react";
import "./style.css";

export const metadata: Metadata = { title: "Counterseal: signed requests that cannot be replayed" };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      {/* Not among the metadata: those leave for a moment whenever a page is rendered anew, and a browser that looks then may ask for another one. */}
      <head>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      </head>
      <body>{children}</body>
    </html>
  );
}
