#!/usr/bin/env bash
# Generates one library of each kind in a copy of this workspace, and builds, tests and checks them there, as whoever has just run a
# generator would. Leaves nothing behind. Needs no network.
set -euo pipefail

root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
copy=$(mktemp -d "${TMPDIR:-/tmp}/mailverb-generators.XXXXXX")
trap 'rm -rf "$copy"' EXIT

say() { printf '\n== %s\n' "$*"; }

say "a copy of the workspace in $copy"
cd "$root"
# Files that git knows or would know, and are there: a deleted one is still listed.
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --null --files-from=- --create --file=- | tar --extract --file=- --directory="$copy"
# Hard links where the file system allows them. The links to our own packages are relative, so they point into the copy.
cp --archive --link node_modules "$copy/" 2>/dev/null || { rm -rf "$copy/node_modules" && cp --archive node_modules "$copy/"; }
cd "$copy"
# Nx takes the file list from git.
git init --quiet && git add --all

export NX_DAEMON=false NX_NO_CLOUD=true CI=true
nx() { node_modules/.bin/nx "$@"; }

# Kind, name, and where it must be then. The last stands elsewhere, in another scope.
libraries=(
  "verb xtry libs/verbs/xtry @mailverb/verb-xtry"
  "extension xtry libs/extensions/xtry @mailverb/extension-xtry"
  "policy try-it libs/policy/try-it @mailverb/policy-try-it"
  "transform try-it libs/transform/try-it @mailverb/transform-try-it"
  "delivery try-it libs/delivery/try-it @mailverb/delivery-try-it"
  "mechanism try-it libs/sasl/try-it @mailverb/sasl-try-it"
  "authenticator try-it libs/auth/try-it @mailverb/auth-try-it"
  "store try-it libs/store/try-it @mailverb/store-try-it"
  "logger try-it libs/logging/try-it @mailverb/logging-try-it"
  "observer try-too libs/logging/try-too @mailverb/logging-try-too"
  "policy elsewhere plugins/elsewhere @try/policy-elsewhere --directory=plugins/elsewhere --scope=try"
)
folders=()
for library in "${libraries[@]}"; do
  read -r kind name folder package options <<<"$library"
  say "$kind $name"
  # shellcheck disable=SC2086 # options are words
  nx generate "@mailverb/plugin:$kind" "$name" --skipInstall --no-interactive $options
  [ -f "$folder/src/plugin.ts" ] || { echo "there is no $folder/src/plugin.ts" >&2; exit 1; }
  grep -q "\"./$folder\"" tsconfig.json || { echo "tsconfig.json does not know $folder" >&2; exit 1; }
  # What `npm install` does for a package of the workspace.
  mkdir -p "node_modules/$(dirname "$package")"
  ln -sfn "$(realpath --relative-to="node_modules/$(dirname "$package")" "$folder")" "node_modules/$package"
  folders+=("$folder")
done

say 'build'
node_modules/.bin/tsc -b "${folders[@]/%//tsconfig.json}"

say 'tests'
for folder in "${folders[@]}"; do
  node_modules/.bin/jest --config "$folder/jest.config.cjs" --silent
done

say 'the one shape'
node_modules/.bin/jest --selectProjects plugin --testPathPatterns shape --testNamePattern '/(xtry|try-it|try-too) '

say 'lint, format, boundaries'
node_modules/.bin/oxlint --deny-warnings "${folders[@]}"
node_modules/.bin/prettier --check "${folders[@]}" tsconfig.json package.json
node_modules/.bin/depcruise --config .dependency-cruiser.cjs apps libs tools

say 'all green'
