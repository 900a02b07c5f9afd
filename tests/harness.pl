#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# Runs TAP files with Perl's TAP::Harness and prints "N passed, N failed" last. A
# file that dies, ends with a status or misses its plan counts as a failure even if
# each of its tests passed: tests that do not run must not look like tests that pass.
# Two run at a time, as many that boot one guest leave a CPU idle; what one printed is
# shown when it has ended.
#
# usage: harness.pl "FILE.t [ARGUMENT...]"...

use strict;
use warnings;
use TAP::Harness;

die "usage: harness.pl \"FILE.t [ARGUMENT...]\"...\n" unless @ARGV;

my $harness = TAP::Harness->new({
	exec => sub { my (undef, $entry) = @_; return [split / /, "./$entry"] },
	jobs => 2,
	formatter_class => 'TAP::Formatter::File',	# on a terminal, too: it shows all
	verbosity => 1,
	timer => 1,
});
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
