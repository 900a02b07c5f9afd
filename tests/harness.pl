#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# Runs TAP files with Perl's TAP::Harness and prints "N passed, N failed" last. A
# file that dies, ends with a status or misses its plan counts as a failure even if
# each of its tests passed: tests that do not run must not look like tests that pass.
#
# usage: harness.pl [--beside LONG.t] FILE.t...
#
# LONG.t, if it is among the files, starts at once, beside the others, and is told
# last.

use strict;
use warnings;
use File::Temp qw(tempdir);
use TAP::Harness;

my $beside = '';
(undef, $beside) = splice @ARGV, 0, 2 if @ARGV && $ARGV[0] eq '--beside';
die "usage: harness.pl [--beside LONG.t] FILE.t...\n" unless @ARGV;

my $log = tempdir(CLEANUP => 1) . '/log';
my $child;
if (@ARGV > 1 && grep { $_ eq $beside } @ARGV) {
	@ARGV = ((grep { $_ ne $beside } @ARGV), $beside);
	$child = fork // die "fork: $!\n";
	exec 'sh', '-c', './"$1" > "$2" 2>&1; echo $? > "$2.status"', 'sh', $beside, $log
		unless $child;
}

# What a file's TAP comes from: the file itself, or what it has written meanwhile.
sub command {
	my (undef, $file) = @_;

	return ["./$file"] unless $child && $file eq $beside;
	return ['sh', '-c', 'while [ ! -e "$1.status" ]; do sleep 1; done
		cat "$1"; exit "$(cat "$1.status")"', 'sh', $log];
}

my $harness = TAP::Harness->new({ exec => \&command, verbosity => 1, timer => 1 });
my $results = $harness->runtests(@ARGV);
my $failed = $results->failed;

for my $file ($results->descriptions) {
	my ($parser) = $results->parsers($file);
	next if $parser->is_good_plan && !$parser->exit && !$parser->parse_errors;
	next if $parser->failed;
	print "$file: ended with status ", $parser->exit,
	      ", or without all of its tests\n";
	$failed++;
}
printf "%d passed, %d failed\n", scalar $results->passed, $failed;
exit($failed || !$results->passed ? 1 : 0);
