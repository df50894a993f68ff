require "fileutils"
require "tmpdir"

# Brings to this computer what a machine recorded in a folder that only it has.
module Fetch
  ARCHIVE = "/var/tmp/runs.tar" # /tmp is memory since Debian 13

  module_function

  # Before `action`: fetches the machine's runs into the folder `runs`. A halt goes on without them; a destroy does not.
  def before(action, machine, runs)
    return unless machine.state.id == :running
    return machine.ui.warn("The machine does not answer: runs that only it has were not fetched.") unless
      machine.communicate.ready?
    return unless machine.communicate.test("! mountpoint -q /vagrant && test -d /vagrant/runs")
    fetch(machine, runs) { |line| machine.ui.info(line) }
  rescue StandardError => problem
    text = "The machine's runs could not be fetched (#{problem.message.lines.first.to_s.strip}). "
    return machine.ui.warn(text + "It still has them: vagrant up, then vagrant halt, tries again.") if action == :halt
    text += "So it is not destroyed. To do so all the same, and lose them: vagrant halt, then vagrant destroy."
    raise Class.new(Vagrant::Errors::VagrantError) { define_method(:error_message) { text } }
  end

  def fetch(machine, runs, &say)
    FileUtils.mkdir_p(runs)
    Dir.mktmpdir(".fetched-", runs) do |folder| # where a move is a change of name
      status = machine.communicate.execute("tar -C /vagrant -cf #{ARCHIVE} runs", error_check: false)
      raise "tar in the machine: status #{status}" if status > 1 # 1: a lab still writes
      machine.communicate.download(ARCHIVE, "#{folder}/runs.tar")
      # A path such as C:/ would be another computer to GNU tar.
      system("tar", "-xof", "-", in: "#{folder}/runs.tar", chdir: folder) || raise("tar cannot unpack it here")
      Dir.children("#{folder}/runs").sort.each { |name| keep("#{folder}/runs/#{name}", runs, &say) }
    end
  end

  # Moves a run into the folder `runs`: under the next number if its name is taken, and not at all if it is there.
  def keep(run, runs)
    name = File.basename(run)
    lab = name.sub(/-\d+\z/, "")
    numbered = Dir.children(runs).grep(/\A#{Regexp.escape(lab)}-\d+\z/)
    return if (numbered | [name]).any? { |other| identity("#{runs}/#{other}") == identity(run) }
    free = name
    free = "#{lab}-#{numbered.map { |other| other[/\d+\z/].to_i }.max.to_i + 1}" if File.exist?("#{runs}/#{name}")
    File.rename(run, "#{runs}/#{free}")
    yield("the machine's runs/#{name} is #{free == name ? "fetched" : "runs/#{free} here"}")
  end

  # What tells a run from others: its manifest, which has the digest of the rest. Without one, names and sizes of files.
  def identity(path)
    file = [path, "#{path}/manifest.json"].find { |candidate| File.file?(candidate) }
    return File.binread(file) if file
    Dir.glob("**/*", base: path).sort.map { |name| [name, File.size("#{path}/#{name}")] } if File.exist?(path)
  end
end
