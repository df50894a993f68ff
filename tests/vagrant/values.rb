# Print what a Vagrantfile asks of each provider, as JSON: ruby values.rb VAGRANTFILE.
# Vagrant itself skips the blocks of providers that are not installed; this reads them all.
require "json"
require "rbconfig"

# Stands for any part of a configuration: notes what is set, called or handed in as a block.
class Notes
  attr_reader :seen

  def initialize = @seen = {}
  def [](name) = @seen[name]
  def []=(name, value)
    @seen[name] = value
  end

  def provider(name)
    yield(machine = Notes.new, override = Notes.new)
    (@seen["providers"] ||= {})[name] = {machine: machine.seen, override: override.seen}
  end

  def method_missing(name, *given, **options)
    return @seen[name.to_s.chomp("=")] = given.first if name.end_with?("=")
    return (@seen[name.to_s] ||= []) << [*given, options] unless given.empty? && options.empty?
    @seen[name.to_s] ||= Notes.new
  end
  def respond_to_missing?(*) = true
  def to_json(*arguments) = @seen.to_json(*arguments)
end

module Vagrant
  def self.require_version(*wanted) = nil
  def self.configure(_)
    yield(config = Notes.new)
    puts config.vm.seen.to_json
  end
end

load ARGV.fetch(0)
