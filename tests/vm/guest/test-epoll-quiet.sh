# SPDX-License-Identifier: GPL-2.0
# test-epoll-quiet.sh - programs that wait in epoll in all ways, under load, stopped,
# frozen and starved: none of them loses a wakeup, so none must be reported. In a guest
# with 2 CPUs. What is late or fails because the guest is slow does not matter.
#
# usage: test-epoll-quiet.sh SECONDS-OF-STRESS SECONDS-OF-EACH-DAEMON
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
CGROUPS=/sys/fs/cgroup
HERE=$PWD
EACH=$2

# waits_for PID...: the events that their epolls wait for, in hexadecimal: EPOLLET is the
# first bit, EPOLLEXCLUSIVE the fourth.
waits_for() {
	local pid
	for pid; do
		cat /proc/"$pid"/fdinfo/*
	done 2>/dev/null | awk '/^tfd:/ { print $4 }' | sort | uniq -c |
		awk '{ print $1 "x" $2 }' | paste -sd' '
}

lost() { grep -v '^#' $FILES/epoll/lost; }

# quiet WHAT: up to its end the collector did not say anything.
quiet() {
	is "$1: no wakeup is lost" "$(<$FILES/epoll/lost_wakeups)" 0
	is "$1: none is listed" "$(lost)" ''
	like "$1: the collector is on" "$(<$FILES/status)" '^ +epoll +on '
}

# until_ok SECONDS CMD...
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.2
	done
}

# in_group NAME CMD...: becomes CMD, in the control group of that name.
in_group() {
	mkdir -p "$CGROUPS/$1"
	echo "$BASHPID" > "$CGROUPS/$1/cgroup.procs" || exit
	shift
	exec "$@"
}

# Idle connections: each has its answer, sleeps, and is asked once more at the end.
# bash has no other way to ask many at once than one after the other.
idle_open() {	# PORT REQUEST ANSWER
	local fd n
	idle=() idle_request=$2 idle_answer=$3
	for ((n = 0; n < 20; n++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$1" || break
		idle+=("$fd")
	done
	idle_ask
}

# idle_ask: how many answer.
idle_ask() {
	local fd line
	answers=0
	for fd in "${idle[@]}"; do
		printf '%b' "$idle_request" >&"$fd"
	done
	for fd in "${idle[@]}"; do
		while IFS= read -rt 30 -u "$fd" line; do
			[ "${line%$'\r'}" = "$idle_answer" ] || continue
			answers=$((answers + 1))
			break
		done
	done
}

idle_close() {
	local fd
	for fd in "${idle[@]}"; do exec {fd}>&-; done
}

# hog CPU: has it to itself for 2 to 3 s, and ends by itself: whoever should end it from
# outside waits for a timer, which on PREEMPT_RT is a thread that it keeps from running.
hog() { taskset -c "$1" chrt -f 50 bash -c 'SECONDS=0; while [ $SECONDS -lt 3 ]; do :; done'; }

# disturb GROUP PID...: for EACH seconds one of the processes after the other is stopped
# for 3 s, the group is frozen for 3 s, and somebody else has a CPU to himself.
disturb() {
	local group=$CGROUPS/$1 end=$((SECONDS + EACH)) turn=0 state
	shift
	sleep 0.5
	while [ "$SECONDS" -lt "$end" ]; do
		kill -STOP "$1"
		sleep 3
		state=$(<"/proc/$1/stat")
		kill -CONT "$1"
		set -- "${@:2}" "$1"
		sleep 0.5
		echo 1 > "$group/cgroup.freeze"
		sleep 3
		[[ $state == *') T '* ]] && grep -q '^frozen 1' "$group/cgroup.events" &&
			turn=$((turn + 1))
		echo 0 > "$group/cgroup.freeze"
		sleep 0.5
		hog $((turn % 2))
	done
	diag "$group: stopped, frozen and starved, $turn times"
	[ "$turn" -gt 0 ]
}

# load NAME CMD...: for EACH seconds, in the background.
load() {
	local name=$1
	shift
	timeout $((EACH + 60)) "$@" > "$name.out" 2>&1 & loads+=($!)
}

# web_load NAME PORT: many requests a connection, and one a connection.
web_load() {
	load "$1.keep" wrk -t 2 -c 20 -d "$EACH" --timeout 30 "http://127.0.0.1:$2/"
	load "$1.files" wrk -t 1 -c 5 -d "$EACH" --timeout 30 "http://127.0.0.1:$2/file"
	load "$1.close" wrk -t 1 -c 10 -d "$EACH" --timeout 30 -H 'Connection: close' \
		"http://127.0.0.1:$2/"
}

# under_load NAME PORT GROUP PID...: what a web server has to bear.
under_load() {
	loads=()
	idle_open "$2" 'GET /done HTTP/1.1\r\nHost: a\r\n\r\n' 'done'
	is "$1: idle connections have an answer" "$answers" 20
	web_load "$1" "$2"
	sleep 1
	like "$1: its epolls are watched" "$(<$FILES/epoll/held)" '^[1-9]'
	diag "$1 waits for $(waits_for "${@:4}")"
	ok "$1: it was stopped and frozen" disturb "${@:3}"
	wait "${loads[@]}"
	sleep 3	# for two checks of all that sleep now
	idle_ask
	is "$1: idle connections still have" "$answers" 20
	idle_close
	diag "$1: $(grep 'requests in' "$1".*.out | awk '{ print $1, $2 }' | paste -sd' ')"
}

# Of one of its workers or more; with the accept mutex, listening sockets come and go in
# each worker's epoll, without it they are there with EPOLLEXCLUSIVE. Files are read by
# threads that tell the worker by an eventfd.
nginx_config() {	# NAME PORT WORKERS ACCEPT_MUTEX
	cat <<-CONF
		user root;
		worker_processes $3;
		pid $HERE/$1.pid;
		error_log $HERE/$1.log;
		events {
			use epoll;
			worker_connections 256;
			accept_mutex $4;
			accept_mutex_delay 50ms;
			multi_accept $4;
		}
		http {
			access_log off;
			keepalive_timeout 1h;
			client_header_timeout 1h;
			client_body_temp_path $HERE/$1.tmp;
			proxy_temp_path $HERE/$1.tmp;
			fastcgi_temp_path $HERE/$1.tmp;
			uwsgi_temp_path $HERE/$1.tmp;
			scgi_temp_path $HERE/$1.tmp;
			server {
				listen 127.0.0.1:$2;
				location / { return 200 "hello\n"; }
				location = /done { return 200 "done\n"; }
				location = /file { root $HERE; aio threads; }
				location = /status { stub_status; }
			}
		}
	CONF
}

nginx_start() {	# NAME PORT WORKERS ACCEPT_MUTEX
	mkdir -p "$1.tmp" /var/log/nginx /var/lib/nginx
	head -c 20000 /dev/zero > file
	nginx_config "$@" > "$1.conf"
	(in_group "$1" nginx -c "$HERE/$1.conf")
	ok "$1: is there" until_ok 60 curl -s "http://127.0.0.1:$2/"
}

nginx_requests() { curl -s "http://127.0.0.1:$1/status" | awk 'NR == 3 { print $3 }'; }

test_nginx() {	# NAME PORT
	local workers
	mapfile -t workers < <(pgrep -P "$(<"$1.pid")")
	under_load "$1" "$2" "$1" "${workers[@]}"
	ok "$1: served requests" test "$(nginx_requests "$2")" -ge 20
	diag "$1: $(nginx_requests "$2") requests by ${#workers[@]} workers"
	quiet "$1"
}

haproxy_config() {
	cat <<-CONF
		global
			nbthread 2
			maxconn 500
		defaults
			mode http
			timeout connect 1h
			timeout client 1h
			timeout server 1h
		frontend web
			bind 127.0.0.1:8080
			default_backend nginx
		backend nginx
			server mutex-off 127.0.0.1:8081
			server mutex-on 127.0.0.1:8082
		frontend stats
			bind 127.0.0.1:8089
			stats enable
			stats uri /
	CONF
}

haproxy_requests() {
	curl -s 'http://127.0.0.1:8089/;csv' | awk -F, '
		NR == 1 { for (n = 1; n <= NF; n++) if ($n == "req_tot") column = n }
		$1 == "web" && $2 == "FRONTEND" { print $column }'
}

test_haproxy() {
	local pid
	haproxy_config > haproxy.conf
	in_group haproxy haproxy -db -f haproxy.conf > haproxy.log 2>&1 & pid=$!
	ok 'haproxy: is there' until_ok 60 curl -s http://127.0.0.1:8080/
	under_load haproxy 8080 haproxy "$pid"
	ok 'haproxy: served requests' test "$(haproxy_requests)" -ge 20
	diag "haproxy: $(haproxy_requests) requests, $(grep ^Threads: /proc/$pid/status)"
	quiet haproxy
	ok 'haproxy: was there all the time' kill $pid
	wait $pid
}

test_redis() {
	local pid commands
	in_group redis redis-server --port 6379 --io-threads 2 --io-threads-do-reads yes --save '' \
		--dir "$HERE" > redis.log 2>&1 & pid=$!
	ok 'redis: is there' until_ok 60 redis-cli ping
	loads=()
	idle_open 6379 'PING\r\n' +PONG
	is 'redis: idle connections have an answer' "$answers" 20
	load redis.pipeline timeout "$EACH" redis-benchmark -l -q -c 50 -P 16 -t set,get,lpush,lpop
	load redis.single timeout "$EACH" redis-benchmark -l -q -c 20 --threads 2 -t set,get
	load redis.connect timeout "$EACH" redis-benchmark -l -q -c 5 -k 0 -t ping
	like 'redis: its epoll is watched' "$(<$FILES/epoll/held)" '^[1-9]'
	ok 'redis: it was stopped and frozen' disturb redis "$pid"
	wait "${loads[@]}"
	sleep 3	# for two checks of all that sleep now
	idle_ask
	is 'redis: idle connections still have' "$answers" 20
	idle_close
	commands=$(redis-cli info stats | tr -d '\r' | sed -n 's/^total_commands_processed://p')
	ok 'redis: executed commands' test "$commands" -ge 20
	diag "redis: $commands commands"
	quiet redis
	ok 'redis: was there all the time' kill $pid
	wait $pid
}

test_selftest() {
	local failed
	./epoll_wakeup_test > selftest.out 2>&1
	failed=$(awk '/^not ok / { print $4 }' selftest.out | paste -sd' ')
	is 'the kernel'\''s tests of epoll came to their end' \
		"$(grep -cE '^(not )?ok ' selftest.out)" "$(sed -n 's/^1\.\.//p' selftest.out)"
	ok 'nearly all of them succeeded' test "$(grep -c '^ok ' selftest.out)" -ge 50
	[ -z "$failed" ] || diag "those that did not (slow, or no epoll_pwait2): $failed"
	quiet 'the kernel'\''s tests'
}

# Two at once, as each has one kind of sockets.
test_stress() {	# SECONDS
	local domain
	loads=()
	for domain in unix ipv4; do
		stress-ng --timeout "$1" --metrics-brief --epoll 1 --epoll-domain $domain \
			--epoll-port 7000 --eventfd 1 --sockpair 1 --poll 1 --timerfd 1 \
			> stress.$domain 2>&1 & loads+=($!)
	done
	wait "${loads[@]}"
	for domain in unix ipv4; do
		ok "stress-ng: epoll of $domain sockets" grep -qE '\] epoll +[1-9]' stress.$domain
		diag "stress-ng: $domain: $(awk '$4 == "epoll" { print $5 }' stress.$domain) times"
	done
	quiet stress-ng
}

insmod stallmeter.ko collectors=epoll || exit
SECONDS=0
test_selftest
diag "at $SECONDS s"
test_stress "$1"
diag "at $SECONDS s"
nginx_start mutex-off 8081 3 off
nginx_start mutex-on 8082 2 on
test_nginx mutex-off 8081
test_nginx mutex-on 8082
diag "at $SECONDS s"
test_haproxy
for name in mutex-off mutex-on; do
	ok "$name: was there all the time" kill "$(<$name.pid)"
done
diag "at $SECONDS s"
test_redis
diag "at $SECONDS s"
ok 'unloads' rmmod stallmeter
done_testing
