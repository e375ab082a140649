export default {
  // Native code is not bundled.
  serverExternalPackages: ["counterseal"],
};
