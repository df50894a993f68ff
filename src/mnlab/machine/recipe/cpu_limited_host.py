"""Mininet's CPULimitedHost on control groups of version 2, which is what Linux has; Mininet 2.3 knows version 1.

Part of the lab machine's image: mininet/node.py imports it at its end. The group of a host lies beside the one in which
the script runs (/job/main), where the cpu controller is on.
"""

import os

from mininet.log import info
from mininet.node import CPULimitedHost, Host


def _group( self, name, sched='cfs', **kwargs ):
    "Make a control group for this host and move its shell into it"
    Host.__init__( self, name, **kwargs )
    if sched != 'cfs':
        raise Exception( "control groups of version 2 know sched='cfs' only" )
    with open( '/proc/self/cgroup' ) as own:
        beside = os.path.dirname( own.read().strip().split( '::' )[ 1 ] )
    self.sched, self.period_us = sched, kwargs.get( 'period_us', 100000 )
    self.cgroup = '/sys/fs/cgroup%s/mininet-%s' % ( beside, name )
    os.makedirs( self.cgroup, exist_ok=True )
    self._write( 'cgroup.procs', self.pid )


def _write( self, name, value ):
    "Write a file of our control group"
    with open( os.path.join( self.cgroup, name ), 'w' ) as group:
        group.write( '%s\n' % value )


def _popen( self, *args, **kwargs ):
    "Popen() in our namespaces and control group"
    pin = 'taskset -c %s ' % ','.join( map( str, self.cores ) ) if self.cores else ''
    join = 'echo $$ > %s/cgroup.procs && exec %s"$@"' % ( self.cgroup, pin )
    kwargs.setdefault( 'mncmd', [ 'sh', '-c', join, 'sh', 'mnexec', '-da', str( self.pid ) ] )
    return Host.popen( self, *args, **kwargs )


def _setCPUFrac( self, f, sched=None ):
    "Set the fraction of all processors that this host may use (-1: all)"
    if ( sched or self.sched ) != 'cfs':
        raise Exception( "control groups of version 2 know sched='cfs' only" )
    _pstr, _qstr, period, quota = self.cfsInfo( f )
    self._write( 'cpu.max', '%s %d' % ( quota if quota > 0 else 'max', period ) )
    info( '(cfs %d/%dus) ' % ( quota, period ) )


def _setCPUs( self, cores, mems=0 ):
    "Set the processors that this host's programs run on"
    if cores is None or cores == []:
        return
    self.cores = cores if isinstance( cores, list ) else [ int( c ) for c in str( cores ).split( ',' ) ]
    os.sched_setaffinity( self.pid, self.cores )


def _cgroupDel( self ):
    "End what still runs in our control group, and remove it"
    try:
        self._write( 'cgroup.kill', 1 )
        os.rmdir( self.cgroup )
    except OSError as problem:
        return problem.errno == 2
    return True


CPULimitedHost.__init__, CPULimitedHost._write, CPULimitedHost.popen = _group, _write, _popen
CPULimitedHost.setCPUFrac, CPULimitedHost.setCPUs, CPULimitedHost.cgroupDel = _setCPUFrac, _setCPUs, _cgroupDel
CPULimitedHost.inited, CPULimitedHost.cores = True, None
