#!/usr/bin/env bash
# Installs the programs that the end-to-end tests send mail with (Debian, as root). Quick if they are there.
set -euo pipefail

missing=()
have() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1; }
have swaks || missing+=(swaks)
have curl || missing+=(curl)
have python3 || missing+=(python3)
have smtp-source || missing+=(postfix)
have openssl || missing+=(openssl)
have sslscan || missing+=(sslscan)
have testssl || missing+=(testssl.sh)
# What it reads bytes and names with.
have hexdump || missing+=(bsdextrautils)
have host || missing+=(bind9-host)
have msmtp || missing+=(msmtp)
have s-nail || missing+=(s-nail)
have mutt || missing+=(mutt libsasl2-modules)
have haproxy || missing+=(haproxy)
have slapd || missing+=(slapd)
have nats-server || missing+=(nats-server)
have rabbitmq-server || missing+=(rabbitmq-server)
have redis-server || missing+=(redis-server)
[ -x /usr/lib/dovecot/lmtp ] || missing+=(dovecot-lmtpd)
have procmail || missing+=(procmail)
have maildrop || missing+=(maildrop)
have swift-proxy-server || missing+=(swift-proxy swift-account swift-container swift-object)
have memcached || missing+=(memcached)
have ldapadd || missing+=(ldap-utils)
have systemd-analyze && have systemd-socket-activate || missing+=(systemd)
# What swaks needs for TLS and for mechanisms beyond its own.
perl -MNet::SSLeay -e 1 2>/dev/null || missing+=(libnet-ssleay-perl)
perl -MAuthen::SASL -e 1 2>/dev/null || missing+=(libauthen-sasl-perl)
# Exim can't be installed beside Postfix (both are mail-transport-agent): it is unpacked, with the libraries that it brings.
exim=/usr/local/lib/exim-unpacked
if [ ! -x $exim/usr/sbin/exim4 ]; then
  apt-get update -qq
  debs=$(mktemp -d)
  chmod 755 "$debs"
  (cd "$debs" && apt-get download -qq exim4-daemon-light libgnutls-dane0 libunbound8 libidn12 libdb5.3)
  for deb in "$debs"/*.deb; do dpkg -x "$deb" $exim; done
  rm -r "$debs"
  # It becomes this one, and does not start without.
  id Debian-exim >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin Debian-exim
fi
if [ ${#missing[@]} -eq 0 ]; then
  echo "peers: all there"
  exit 0
fi

# No server of theirs is wanted running: a policy-rc.d that says no keeps it from being started.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
# Where somebody's policy-rc.d said yes.
if [[ " ${missing[*]} " == *" postfix "* ]] && [ -e /var/spool/postfix/pid/master.pid ]; then postfix stop || true; fi
echo "peers: installed ${missing[*]}"
