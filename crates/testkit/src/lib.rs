//! Tools for whoever writes or embeds a store.
