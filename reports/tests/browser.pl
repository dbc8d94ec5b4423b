#!/usr/bin/perl
# browser.pl STEP...: opens a page in a headless Chromium and does to it what a reader does, over
# DevTools' pipe. Steps:
#   open=FILE          loads it, and waits until it is there
#   size=WIDTHxHEIGHT  of the window, from the next step on
#   dark               the reader prefers dark colours
#   print              it is printed
#   noscript           scripts are off from the next page on
#   click=SELECTOR     with the mouse, in the middle of the first such element
#   type=TEXT          as keys would
#   key=NAME           ArrowRight, Tab, ...
#   until=EXPRESSION   waits for it to be true, ten seconds at most
#   eval=EXPRESSION    prints its value; nothing for undefined
#   shot=FILE          a PNG of what the window shows
# Whatever the page asks of the network, and whatever the console shows, is printed at the end, as
# "request: URL" and "console: TEXT".
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use JSON::PP;
use MIME::Base64;
use POSIX qw(dup2 _exit);

my ($browser) = grep { -x } map { my $d = $_; map { "$d/$_" } qw(chromium chromium-browser google-chrome) }
    split /:/, $ENV{PATH};
die "no chromium\n" unless $browser;
my $profile = tempdir('browser.XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my (@requests, @console, $loaded, $session, $next_id, $buffer);
$next_id = 0;
$buffer = '';

pipe(my $their_in, my $to) && pipe(my $from, my $their_out) or die "pipe: $!";
my $pid = fork() // die "fork: $!";
if (!$pid) {
    # clear of 3 and 4 first
    my $in = fcntl $their_in, F_DUPFD, 10;
    my $out = fcntl $their_out, F_DUPFD, 10;
    dup2($in, 3);
    dup2($out, 4);
    setpgrp(0, 0);
    open STDERR, '>', '/dev/null';
    open STDOUT, '>', '/dev/null';
    { no warnings; exec $browser, '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-extensions',
        '--hide-scrollbars', '--disable-dev-shm-usage', '--remote-debugging-pipe',
        "--user-data-dir=$profile", 'about:blank'; }
    _exit(127);
}
close $their_in;
close $their_out;
$to->autoflush(1);

# all of its processes end; those that are not our children may take a moment to be gone
END {
    if ($pid) {
        my $status = $?;
        kill 'KILL', -$pid;
        waitpid $pid, 0;
        for (1 .. 50) {
            remove_tree($profile, { error => \my $left });
            last unless -e $profile;
            select undef, undef, undef, 0.05;
        }
        $? = $status;
    }
}

# the next message; ends the test when the browser is gone
sub receive {
    while ((my $end = index $buffer, "\0") < 0) {
        sysread($from, $buffer, 1 << 16, length $buffer) or die "the browser is gone\n";
    }
    $buffer =~ s/^([^\0]*)\0//;
    return $json->decode($1);
}

sub notice {
    my ($m) = @_;
    my ($what, $p) = ($m->{method} // '', $m->{params});
    $loaded = 1 if $what eq 'Page.loadEventFired';
    push @requests, $p->{request}{url} if $what eq 'Network.requestWillBeSent';
    push @console, join ' ', map { $_->{value} // $_->{description} // '' } @{ $p->{args} }
        if $what eq 'Runtime.consoleAPICalled';
    push @console, $p->{exceptionDetails}{exception}{description} // $p->{exceptionDetails}{text}
        if $what eq 'Runtime.exceptionThrown';
    push @console, $p->{entry}{text} if $what eq 'Log.entryAdded';
    push @console, "dialog: $p->{message}" if $what eq 'Page.javascriptDialogOpening';
}

sub call {
    my ($method, %params) = @_;
    my $id = ++$next_id;
    my $message = $json->encode({ id => $id, method => $method, params => \%params,
        $session ? (sessionId => $session) : () });
    syswrite $to, "$message\0";
    while (1) {
        my $m = receive();
        if (!defined $m->{id} || $m->{id} != $id) { notice($m); next }
        die "$method: $m->{error}{message}\n" if $m->{error};
        return $m->{result};
    }
}

sub evaluate {
    my $r = call('Runtime.evaluate', expression => $_[0], returnByValue => $json->true,
        awaitPromise => $json->true, userGesture => $json->true);
    die "eval: $r->{exceptionDetails}{exception}{description}\n" if $r->{exceptionDetails};
    return $r->{result}{value};
}

# what is under way arrives; timers of the page do not run where its scripts are off
sub settle {
    select undef, undef, undef, 0.05;
    call('Page.getLayoutMetrics');
}

my ($width, $height) = (1280, 900);
sub resize {
    call('Emulation.setDeviceMetricsOverride', width => $width, height => $height,
        deviceScaleFactor => 1, mobile => $width < 600 ? $json->true : $json->false);
}

# nothing may still be on the move when the next step comes
sub prefer {
    call('Emulation.setEmulatedMedia',
        features => [map { { name => $_->[0], value => $_->[1] } } ['prefers-reduced-motion', 'reduce'], @_]);
}

my %step = (
    open => sub {
        my $url = $_[0] =~ /^\w+:/ ? $_[0] : "file://$_[0]";
        $loaded = 0;
        @requests = ();
        call('Page.navigate', url => $url);
        notice(receive()) until $loaded;
        (my $own = $url) =~ s/#.*//;
        @requests = grep { $_ ne $own } @requests;
    },
    size => sub { ($width, $height) = map { $_ + 0 } split /x/, $_[0]; resize() },
    dark => sub { prefer(['prefers-color-scheme', 'dark']) },
    print => sub { call('Emulation.setEmulatedMedia', media => 'print') },
    noscript => sub { call('Emulation.setScriptExecutionDisabled', value => $json->true) },
    eval => sub {
        my $v = evaluate($_[0]);
        print ref $v ? $json->encode($v) : $v, "\n" if defined $v;
    },
    until => sub {
        for (1 .. 200) {
            return if evaluate($_[0]);
            settle();
        }
        print "never: $_[0]\n";
    },
    click => sub {
        my $css = $json->encode($_[0]);
        my $at = evaluate("(() => { const e = document.querySelector($css);"
            . 'e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getBoundingClientRect();'
            . 'return [r.x + r.width / 2, r.y + r.height / 2]; })()');
        for my $type (qw(mouseMoved mousePressed mouseReleased)) {
            call('Input.dispatchMouseEvent', type => $type, x => $at->[0], y => $at->[1],
                $type eq 'mouseMoved' ? () : (button => 'left', clickCount => 1));
        }
        settle();
    },
    type => sub { call('Input.insertText', text => $_[0]) },
    key => sub {
        call('Input.dispatchKeyEvent', type => $_, key => $_[0], code => $_[0]) for qw(keyDown keyUp);
    },
    shot => sub {
        my $shot = call('Page.captureScreenshot', format => 'png');
        open my $file, '>:raw', $_[0] or die "$_[0]: $!\n";
        print $file decode_base64($shot->{data});
        close $file;
    },
);

$session = call('Target.attachToTarget', targetId => call('Target.createTarget', url => 'about:blank')
    ->{targetId}, flatten => $json->true)->{sessionId};
call("$_.enable") for qw(Page Runtime Log Network);
resize();
prefer();
binmode STDOUT, ':utf8';
for (@ARGV) {
    my ($name, $value) = split /=/, $_, 2;
    ($step{$name} or die "no such step: $name\n")->($value);
}
settle();
print "request: $_\n" for @requests;
print "console: $_\n" for @console;
