# What vagrant/fetch.rb does before a machine stops: ruby fetching.rb ACTION STATE RUNS.
# SSH is left out: the machine's commands run here, where /vagrant is, by the same shell.
require "vagrant"
require_relative "../../vagrant/fetch"

class Here
  def id = ARGV[1].to_sym
  def state = self
  def communicate = self
  def ui = self
  def info(line) = puts("info: #{line}")
  def warn(line) = puts("warning: #{line}")
  def ready? = id == :running && !ENV.key?("DEAF")
  def execute(command, **) = system("bash", "-c", command) ? 0 : $?.exitstatus
  def test(command) = execute(command).zero?
  def download(from, to) = FileUtils.cp(from, to)
end

begin
  Fetch.before(ARGV[0].to_sym, Here.new, ARGV[2])
rescue Vagrant::Errors::VagrantError => problem
  puts "error: #{problem.message}"
  exit problem.status_code
end
