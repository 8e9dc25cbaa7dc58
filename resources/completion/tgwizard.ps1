# PowerShell completion for tgwizard. In $PROFILE:  tgwizard completion powershell | Out-String | Invoke-Expression
# Made from the options of the program; the names of saved clusters are looked up when Tab is pressed.

Register-ArgumentCompleter -Native -CommandName tgwizard -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $rows = foreach ($line in (@'
@TABLE@
'@ -split "\r?\n")) {
        $parts = $line -split '\|', 4
        [pscustomobject]@{ Of = $parts[0]; Name = $parts[1]; Value = $parts[2]; Help = $parts[3] }
    }
    $current = [string]$wordToComplete
    $path = ''
    $wanted = ''
    $option = ''
    $folder = ''
    $lab = ''
    $place = 0
    $words = foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -lt $cursorPosition) { $element.Extent.Text.Trim("'", '"') }
    }
    foreach ($word in $words) {
        $row = $rows | Where-Object { $_.Of -ceq $path -and $_.Name -ceq $word } | Select-Object -First 1
        if ($wanted) {
            if ($option -ceq '--config') { $folder = $word }
            if ($option -ceq '--lab-dir') { $lab = $word }
            $wanted = ''
        }
        elseif ($word.StartsWith('-')) {
            $option = $word
            $wanted = if ($row) { $row.Value } else { '' }
            if ($word -ceq '--lab') { $lab = if ($env:TGWIZARD_LAB_DIR) { $env:TGWIZARD_LAB_DIR } else { @LAB@ } }
        }
        elseif ($row -and $row.Value -ceq '@word') { $path = "$path $word".Trim() }
        else { $place++ }
    }
    if (-not $wanted -and -not $current.StartsWith('-')) {
        $places = @($rows | Where-Object { $_.Of -ceq $path -and $_.Name -ceq '' })
        if ($place -lt $places.Count) { $wanted = $places[$place].Value }
    }
    $found = switch ($wanted) {
        '' {
            $rows | Where-Object {
                $_.Of -ceq $path -and $_.Name -and ($current.StartsWith('-') -or $_.Value -ceq '@word')
            }
        }
        # Without an answer PowerShell offers files by itself.
        { $_ -in '@text', '@file', '@folder' } { }
        '@cluster' {
            if (-not $folder) { $folder = $lab }
            if (-not $folder) { $folder = $env:TGWIZARD_CONFIG_DIR }
            if (-not $folder) { $folder = @CONFIG@ }
            Get-ChildItem -Path (Join-Path $folder 'clusters') -Filter '*.toml' -ErrorAction SilentlyContinue |
                ForEach-Object { [pscustomobject]@{ Name = $_.BaseName; Help = $_.BaseName } }
        }
        default { $wanted -split ' ' | ForEach-Object { [pscustomobject]@{ Name = $_; Help = $_ } } }
    }
    $found | Where-Object { $_.Name.StartsWith($current, [StringComparison]::OrdinalIgnoreCase) } | ForEach-Object {
        $text = if ($_.Name -match '[\s''"]') { "'" + $_.Name.Replace("'", "''") + "'" } else { $_.Name }
        [System.Management.Automation.CompletionResult]::new($text, $_.Name, 'ParameterValue', $_.Help)
    }
}
